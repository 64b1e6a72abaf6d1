"""A llama.cpp server with a small open model, until its standard input closes."""

import sys
from pathlib import Path

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = str(Path(sys.argv[1]))
parameters.n_ctx = 4096
parameters.n_parallel = 1
parameters.port = 0
parameters.cpuparams.n_threads = 2
parameters.use_jinja = True
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
