from .micro_action_metric import MicroActionMetric

__all__ = ['MicroActionMetric']
