"""The APIs: `system` for partners, `process` for operators, `experience` for customers."""
