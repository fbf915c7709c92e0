"""What is kept: readings, minutes, hours, revisions, documents."""
