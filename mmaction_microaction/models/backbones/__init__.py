"""Backbones."""

from .resnet_setsm import ResNetSETSM

__all__ = ['ResNetSETSM']
