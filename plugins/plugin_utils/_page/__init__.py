"""The report as a page: report.html and report.md."""
