"""What both IPP printers and CUPS queues need: capabilities, tickets, reasons and jobs between our words and IPP's."""
