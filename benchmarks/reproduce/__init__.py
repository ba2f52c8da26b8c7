"""Published figures and tables, computed anew beside their reference numbers."""
