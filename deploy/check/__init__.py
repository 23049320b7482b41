"""`make manifests`: every overlay is rendered and looked at without a cluster; what is wrong is said in one sentence each."""
