"""A real server of the Assistants v2 protocol on one SQLite file: `assemble`, then `create_app` or `serve`.

faces       serving (a port, signals) > app (errors, key, log) > routes/ (one module a resource)
runs/       engine (create, submit, cancel, leases) > drive (one run) > prompt, replies, toolwork, settling
            transitions (the state machine) and objects (the wire's objects) are pure; events streams
models/     interface, scripted: what answers a run
knowledge/  library, files, indexing, documents, chunking, search, ...: vector stores and their search
interpreter/  a kernel per thread in a sandbox
ground      store (SQLite), wire (ids, errors, lists), shapes and bodies (what requests look like), tools (protocols)
"""
