// Starts Swagger UI on the document that the page names. It remembers no token.
const place = document.getElementById("swagger");
globalThis.SwaggerUIBundle({ url: place.dataset.document, domNode: place, deepLinking: false, persistAuthorization: false, validatorUrl: null });
