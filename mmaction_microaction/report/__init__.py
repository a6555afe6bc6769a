"""The report of a test run (:func:`write_report`), and a table of the results of several runs."""

from .page import write_report

__all__ = ['write_report']
