"""A web page that recognises micro-actions; needs the extra ``[web]``."""

import os

# Set before Gradio and the client of the Hugging Face Hub are imported, so that they send and fetch nothing.
os.environ.update(GRADIO_ANALYTICS_ENABLED='False', HF_HUB_OFFLINE='1', HF_HUB_DISABLE_TELEMETRY='1')
