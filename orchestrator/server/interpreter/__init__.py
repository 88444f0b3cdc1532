"""Runs `code_interpreter` code for real: a Jupyter kernel per thread, in a bubblewrap sandbox, or not at all.

limits     what the code may use
sandbox    the bubblewrap command line (pure): what the code sees
lookup     finds bubblewrap and tries it, or says what to install
inside     the first program in the sandbox
process    starts a sandbox, holds the handles that lead into it
watch      what all its processes use together
workspace  files in and out
output     the kernel's messages as logs and images
kernel     one kernel (the only importer of Jupyter)
pool       a kernel per thread: `KernelPool` is what the server is given
"""
