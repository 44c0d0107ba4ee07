"""Networks of PyTorch: TorchScript archives, exported programs, and state dicts of torchvision's architectures."""
