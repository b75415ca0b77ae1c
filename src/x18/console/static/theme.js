// Before the first paint: the theme that was chosen, else the system's. Not a module, so that nothing flashes.
try {
  document.documentElement.dataset.theme = localStorage.getItem("x18.theme") ?? "";
} catch {
  // without storage the system's
}
