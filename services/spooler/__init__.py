"""The spooler: the one place that decides. It owns every task's state and each printer's line."""
