"""What a delivery, an idle connection and a handshake cost: X18 beside a C loop, Node's ws and Litestar's ChannelsPlugin.

``python -m benchmarks.fanout``; how to read the result: ``README.md``.
"""
