// Light or dark. What was chosen is kept in this browser, and theme.js sets it before the first paint.
const KEY = "x18.theme";

export const theme = () => document.documentElement.dataset.theme ?? "";

/** `light`, `dark`, or nothing for the system's. */
export function setTheme(value) {
  document.documentElement.dataset.theme = value;
  for (const post of document.querySelectorAll(".fresh")) post.classList.remove("fresh"); // they glow in the old theme
  if (value) localStorage.setItem(KEY, value);
  else localStorage.removeItem(KEY);
}

export function toggleTheme() {
  const isDark = theme() ? theme() === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(isDark ? "light" : "dark");
}
