// A file is read into the field that takes its text, so that it can be seen before it is sent.
for (const place of document.querySelectorAll("[data-upload]")) {
  const text = document.getElementById(place.dataset.upload);
  const label = document.createElement("label");
  label.className = "upload";
  label.append(`${place.dataset.label} `);
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json,.yaml,.yml";
  label.append(input);
  text.closest(".field").append(label);
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (file) text.value = await file.text();
  });
}
