"""Where the appliance may connect to, and the refusal of everything else."""

from appliance.egress.offline import keep_offline

# Before any model library is loaded: each reads its settings once, and ONNX Runtime would report home in native code.
keep_offline()
