"""The dialogs that look at files before they are opened, and at tables before they are added."""
