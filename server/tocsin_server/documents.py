"""Which documents this server runs, as it is set: any, or the trusted ones, the page's own always among them."""

from tocsin.settings import Settings
from tocsin_graphql.documents import AnyDocument, TrustedDocuments
from tocsin_graphql.manifests import list_manifests, read_manifests
from tocsin_graphql.schema import TocsinSchema
from tocsin_server.console import STATIC

PAGE = STATIC / ".documents.json"
"""What the page sends, as its build has written it."""


def open_documents(settings: Settings, schema: TocsinSchema) -> AnyDocument | TrustedDocuments:
    """Read the manifests where there are any; ConfigurationError says what is wrong with them."""
    place = settings.graphql_trusted_documents
    if place is None:
        return AnyDocument()
    files = [*([PAGE] if PAGE.exists() else []), *list_manifests(place)]
    return read_manifests(files, schema._schema, most_tokens=settings.graphql_token_limit)
