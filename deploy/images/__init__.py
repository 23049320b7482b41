"""`make images-chroot`: images of docker/Dockerfile without Docker: built, started as Kubernetes would, and printing."""
