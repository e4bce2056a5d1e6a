"""Computes the measures of piq that need no weights from elsewhere on random images, as functions and as losses."""

import piq
import torch


def attempt(use):
    """What needs weights that are not there is passed by."""
    try:
        use()
    except Exception as error:
        print(type(error).__name__, str(error)[:80])


x, y = torch.rand(2, 3, 96, 96), torch.rand(2, 3, 96, 96)
big_x, big_y = torch.rand(1, 3, 192, 192), torch.rand(1, 3, 192, 192)
for name in ("psnr", "ssim", "gmsd", "multi_scale_gmsd", "vif_p", "fsim", "vsi", "mdsi", "haarpsi", "srsim", "dss"):
    attempt(lambda name=name: getattr(piq, name)(x, y, data_range=1.0))
    attempt(lambda name=name: getattr(piq, name)(x[:, :1], y[:, :1], data_range=1.0, reduction="none"))
attempt(lambda: piq.multi_scale_ssim(big_x, big_y, data_range=1.0))
attempt(lambda: piq.information_weighted_ssim(big_x, big_y, data_range=1.0))
attempt(lambda: piq.total_variation(x))
for name in ("SSIMLoss", "GMSDLoss", "MultiScaleGMSDLoss", "VIFLoss", "FSIMLoss", "VSILoss", "MDSILoss", "HaarPSILoss", "SRSIMLoss", "DSSLoss", "TVLoss"):
    def use(name=name):
        image = torch.rand(2, 3, 96, 96, requires_grad=True)
        loss = getattr(piq, name)()
        (loss(image) if name == "TVLoss" else loss(image, y)).backward()
    attempt(use)
attempt(lambda: piq.MultiScaleSSIMLoss()(big_x, big_y))
features, others = torch.randn(20, 8), torch.randn(20, 8)
for measure in (piq.FID(), piq.KID(), piq.IS(), piq.GS(sample_size=8, num_iters=4), piq.MSID()):
    attempt(lambda measure=measure: measure(features, others))
attempt(lambda: piq.PR()(features, others))
attempt(lambda: piq.brisque(x, data_range=1.0))
