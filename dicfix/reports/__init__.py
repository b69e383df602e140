"""What a run leaves for people: the sign-off page, the Allure report, pictures and charts.

Reads files and plain values; may import the audit's entries and rows below, and nothing of pytest.
"""
