"""From rows to ``MediaView``."""

from typing import Final

MEDIA_JSON: Final = """json_build_object(
    'id', m.id, 'user_id', m.user_id, 'post_id', m.post_id, 'type', m.type, 'mime_type', m.mime_type,
    'url', '/storage/media/' || m.file_name, 'thumbnail_url', '/storage/media/' || m.thumbnail_name,
    'alt_text', m.alt_text, 'width', m.width, 'height', m.height, 'duration_ms', m.duration_ms,
    'size_bytes', m.size_bytes, 'blurhash', m.blurhash, 'status', m.status, 'created_at', m.created_at)"""
"""SQL of a ``MediaView`` as JSON for a row ``m`` of ``media``."""
