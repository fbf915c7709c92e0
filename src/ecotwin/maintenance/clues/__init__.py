"""What was seen around a finding, each piece measured from minutes and told in one sentence with numbers."""
