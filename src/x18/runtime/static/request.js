// A form as a request: its fields say by `data-in` where they go.

/** Method, whole address, headers and body. What is empty is left out; a name in braces stands where the path lacks a value. */
export function requestOf(form) {
  const { method, path } = form.dataset;
  const query = new URLSearchParams();
  const headers = {};
  let place = path;
  let body;
  for (const control of form.elements) {
    const { name, value } = control;
    const goes = control.dataset.in;
    if (!goes || value === "") continue;
    if (goes === "path") place = place.replace(`{${name}}`, encodeURIComponent(value));
    else if (goes === "query") for (const one of valuesOf(control)) query.append(name, one);
    else if (goes === "header") headers[name] = value;
    else if (goes === "form") (body ??= new FormData()).append(name, control.files ? control.files[0] : value);
    else body = value;
  }
  if (typeof body === "string") headers["Content-Type"] = "application/json";
  const tail = query.size ? `?${query}` : "";
  return { method, url: `${location.origin}${place}${tail}`, headers, body };
}

const valuesOf = ({ value, dataset }) =>
  "list" in dataset
    ? value
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean)
    : [value];

/** The same for a shell. Of a token only the place is told: such lines are passed on. */
export function curlOf({ method, url, headers, body }, hasToken) {
  const parts = [`curl ${method === "GET" ? "" : `-X ${method} `}${quoted(url)}`];
  if (hasToken) parts.push('-H "Authorization: Bearer $TOKEN"');
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (typeof body === "string") parts.push(`--data-raw ${quoted(body)}`);
  else for (const [name, value] of body ?? []) parts.push(partOf(name, value));
  return parts.join(" \\\n  ");
}

const partOf = (name, value) =>
  value instanceof File ? `-F ${quoted(`${name}=@"${value.name}"`)}` : `--form-string ${quoted(`${name}=${value}`)}`;

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
