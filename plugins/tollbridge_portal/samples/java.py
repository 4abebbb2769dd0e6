"""The sample for Java (17 and newer), with java.net.http.

Where there is no TLS its client would ask for HTTP/2 by an upgrade, which a gateway need not serve: there it is told
HTTP/1.1. Before Java 18 a file is read in the machine's own encoding: signs beyond ASCII want `-Dfile.encoding=UTF-8`.
"""

from tollbridge_portal.samples.quoting import java as literal
from tollbridge_portal.samples.quoting import java_block
from tollbridge_portal.samples.request import Request
from tollbridge_portal.samples.sample import Sample

_INDENT = " " * 12

_WITHOUT_TLS = "HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()"

_READ = """\
        if (response.statusCode() >= 400) {
            throw new IllegalStateException(
                response.statusCode() + " " + response.body().collect(Collectors.joining("\\n")));
        }
        response.body()
            .filter(line -> line.startsWith("data:"))
            .forEach(line -> System.out.println(line.substring(5).strip()));
"""
_SHOW = """\
        if (response.statusCode() >= 400) {
            throw new IllegalStateException(response.statusCode() + " " + response.body());
        }
        System.out.println(response.body());
"""


def java(request: Request) -> Sample:
    """Write the program."""
    start, publisher = "", "HttpRequest.BodyPublishers.noBody()"
    if request.with_body:
        start = f"        var body = {java_block(request.text(), _INDENT)};\n"
        publisher = "HttpRequest.BodyPublishers.ofString(body)"
    headers = "".join(
        f"            .header({literal(name)}, {literal(value)})\n" for name, value in request.all_headers().items()
    )
    client = "HttpClient.newHttpClient()" if request.url.startswith("https:") else _WITHOUT_TLS
    answer = "ofLines" if request.streamed else "ofString"
    code = f"""\
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
{"import java.util.stream.Collectors;" + chr(10) if request.streamed else ""}
public class Sample {{
    public static void main(String[] args) throws Exception {{
{start}        var request = HttpRequest.newBuilder(URI.create({literal(request.url)}))
            .header("Authorization", "Bearer " + System.getenv({literal(request.variable)}))
{headers}            .method({literal(request.method)}, {publisher})
            .build();
        var response = {client}
            .send(request, HttpResponse.BodyHandlers.{answer}());
{_READ if request.streamed else _SHOW}    }}
}}
"""
    return Sample("java", "Java", "java", "Sample.java", code, "", "java Sample.java")
