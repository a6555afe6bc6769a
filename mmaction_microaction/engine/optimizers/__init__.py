from .manet_optim_wrapper_constructor import MANetOptimWrapperConstructor

__all__ = ['MANetOptimWrapperConstructor']
