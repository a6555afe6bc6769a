from .metrics import MicroActionMetric

__all__ = ['MicroActionMetric']
