"""An on-premise voice appliance: microphone, speech recognition, a local language model, a voice, and tools."""

import os

from appliance.egress.offline import keep_offline

__version__ = "0.1.0"

# NumPy's matrix products are small here. With several threads they would spin for the cores that Whisper, Piper and
# the language model need: on two busy cores one thread takes 19 ms for a sentence, two take 270. Read once, by NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# oneDNN, below CTranslate2, keeps the compiled kernels of 1024 shapes, and every length of an utterance is another: 60
# MiB more after 60 utterances, and no end. With 16 memory stays flat, and recognition as fast (32.6 s instead of 32.9).
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")

# The model libraries read once, when they are loaded, that they are not to use the network.
keep_offline()
