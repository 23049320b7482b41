"""How Printbus gets onto clusters: manifests in `k8s`, what makes their Secrets, and what checks them."""
