"""A page in the browser that recognises micro-actions; needs the extra ``[web]``."""

import os

# Before Gradio and the Hub's client are imported: nothing is reported to anybody, nothing fetched.
os.environ.update(GRADIO_ANALYTICS_ENABLED='False', HF_HUB_OFFLINE='1', HF_HUB_DISABLE_TELEMETRY='1')
