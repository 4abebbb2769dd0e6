"""The reference by Swagger UI, and what is there without it."""

import re
from collections.abc import Callable

import pytest
from tests.plugins.portal.visiting import publish
from tests.support.visiting import MOCK, PREFIX, Visitor

from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge_portal import reference

__all__ = ["gateway"]


@pytest.fixture
async def visit(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Give the operator before a gateway whose portal stands alone."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    return await Visitor(gateway({**MOCK, "plugins": {"disabled": ["dashboard"]}})).sign_in()


async def test_page_shows_a_document_by_files_of_the_extra_alone(visit: Visitor) -> None:
    await publish(visit)

    for path, title in (("admin", "Admin API"), ("service/digest", "Digest")):
        page = await visit.get(f"/portal/reference/{path}")
        names = re.findall(rf"{PREFIX}(/portal/reference/swagger/[^\"]*)", page.text)

        assert page.status_code == 200
        assert f"<h1>{title}</h1>" in page.text
        assert "trusted-types" not in page.headers["content-security-policy"]
        assert "'unsafe" not in page.headers["content-security-policy"]
        assert len(names) == 2
        for name in names:
            file = await visit.get(name)
            assert file.status_code == 200
            assert "immutable" in file.headers["cache-control"]


async def test_documents_are_there_without_the_extra(visit: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "_PACKAGE", "no_such_package_here")
    await publish(visit)

    page = (await visit.get("/portal/reference")).text

    assert "pip install &#34;tollbridge[apidocs]&#34;" in page or 'pip install "tollbridge[apidocs]"' in page
    assert (await visit.get("/portal/reference/admin.json")).json()["openapi"].startswith("3.1")
    assert (await visit.get("/portal/reference/admin")).status_code == 404


@pytest.mark.parametrize("path", ["odd", "service", "admin/digest", "service/nothing", "swagger/0/swagger-ui.css"])
async def test_what_is_not_there_is_not_found(visit: Visitor, path: str) -> None:
    assert (await visit.get(f"/portal/reference/{path}")).status_code == 404
