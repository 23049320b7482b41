"""What several services share: the language, the plumbing, the IPP codec."""
