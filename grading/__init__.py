"""The examiner's room."""
