"""The converter: any document to print-ready PDF, in sealed engines."""
