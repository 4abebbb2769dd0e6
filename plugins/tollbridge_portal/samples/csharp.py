"""The sample for C#, with HttpClient, in words that its compilers have known since C# 7.1 (.NET, Mono)."""

from tollbridge_portal.samples.quoting import csharp as literal
from tollbridge_portal.samples.quoting import csharp_verbatim
from tollbridge_portal.samples.request import Request
from tollbridge_portal.samples.sample import Sample

_OF_CONTENT = frozenset({"allow", "expires", "last-modified"})

_READ = """\
                using (var reader = new StreamReader(await response.Content.ReadAsStreamAsync()))
                {
                    for (var line = await reader.ReadLineAsync(); line != null; line = await reader.ReadLineAsync())
                    {
                        if (line.StartsWith("data:")) Console.WriteLine(line.Substring(5).Trim());
                    }
                }
"""
_SHOW = """\
                Console.WriteLine(await response.Content.ReadAsStringAsync());
"""


def csharp(request: Request) -> Sample:
    """Write the program."""
    body = f"        var body = {csharp_verbatim(request.text())};\n" if request.with_body else ""
    content = f"            request.Content = new StringContent(body, Encoding.UTF8, {literal(request.media_type)});\n"
    streaming = "using System.IO;\n" if request.streamed else ""
    encoding = "using System.Text;\n" if request.with_body else ""
    code = f"""\
using System;
{streaming}using System.Net.Http;
using System.Net.Http.Headers;
{encoding}using System.Threading.Tasks;

class Sample
{{
    public static async Task Main()
    {{
{body}        using (var client = new HttpClient())
        using (var request = new HttpRequestMessage(new HttpMethod({literal(request.method)}), {literal(request.url)}))
        {{
            var token = Environment.GetEnvironmentVariable({literal(request.variable)});
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
{content if request.with_body else ""}{_headers(request)}
            using (var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
            {{
                if (!response.IsSuccessStatusCode)
                {{
                    var problem = await response.Content.ReadAsStringAsync();
                    throw new HttpRequestException((int)response.StatusCode + " " + problem);
                }}
{_READ if request.streamed else _SHOW}            }}
        }}
    }}
}}
"""
    return Sample("csharp", "C#", "csharp", "Program.cs", code, "", "dotnet run")


def _headers(request: Request) -> str:
    """Write the headers; those about the body stand at it."""
    lines = []
    for name, value in request.headers.items():
        of_content = name.lower() in _OF_CONTENT or name.lower().startswith("content-")
        place = "request.Content.Headers" if of_content else "request.Headers"
        lines.append(f"            {place}.TryAddWithoutValidation({literal(name)}, {literal(value)});\n")
    return "".join(lines)
