"""Sheets in and out: the home of openpyxl, xlrd and XlsxWriter.

Reading trusts nothing; what is written is never executable in a spreadsheet.
"""
