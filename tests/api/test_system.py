"""Health, the index, and conventions that hold everywhere."""

import httpx


async def test_health_tells_of_every_part(api: httpx.AsyncClient) -> None:
    answer = await api.get("/health")

    assert answer.status_code == 200
    told = answer.json()
    assert isinstance(told.pop("trouble"), list)  # of other tests' outages
    assert told == {"status": "ok", "checks": {"postgres": "ok", "redis": "ok", "relay": "ok"}}
    probe = await api.head("/health")
    assert (probe.status_code, probe.content) == (200, b"")


async def test_the_index_names_the_addresses(api: httpx.AsyncClient) -> None:
    for path in ("/api", "/api/"):
        answer = await api.get(path)
        assert answer.status_code == 200
        assert answer.json()["name"] == "x18"
        assert answer.json()["websocket"] == "/ws"


async def test_a_request_id_is_echoed_if_it_is_sane(api: httpx.AsyncClient) -> None:
    echoed = await api.get("/api/timeline/explore", headers={"X-Request-ID": "abc-1"})
    replaced = await api.get("/api/nothing", headers={"X-Request-ID": "not sane"})

    assert echoed.headers["x-request-id"] == "abc-1"
    assert replaced.headers["x-request-id"] == replaced.json()["request_id"] != "not sane"


async def test_an_error_has_one_shape(api: httpx.AsyncClient) -> None:
    for answer, status, code in (
        (await api.get("/api/nothing"), 404, "not_found"),
        (await api.put("/api/posts"), 405, "method_not_allowed"),
        (await api.get("/api/users/me"), 401, "not_authenticated"),
        (await api.get("/api/timeline/explore?limit=x"), 400, "bad_input"),
    ):
        body = answer.json()
        assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert body["instance"] == answer.request.url.path
        assert body["error"] == body["detail"]
        assert body.keys() == {"type", "title", "status", "detail", "instance", "code", "request_id", "error", "errors"}
    assert (await api.get("/api/users/me")).headers["www-authenticate"] == "Bearer"
    assert "server" not in answer.headers
