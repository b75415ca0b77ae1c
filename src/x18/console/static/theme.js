// Before the first paint: the theme that was chosen, else the system's, and whether somebody is logged in. Not a module, so that
// nothing flashes or moves.
try {
  document.documentElement.dataset.theme = localStorage.getItem("x18.theme") ?? "";
  document.documentElement.classList.toggle("member", localStorage.getItem("x18.session") !== null);
} catch {
  // without storage the system's
}
