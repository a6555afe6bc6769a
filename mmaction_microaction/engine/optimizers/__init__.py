"""Constructors of optimizer wrappers, registered in MMAction2's ``OPTIM_WRAPPER_CONSTRUCTORS``."""

from .manet_optim_wrapper_constructor import MANetOptimWrapperConstructor

__all__ = ['MANetOptimWrapperConstructor']
