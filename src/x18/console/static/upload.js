// Files on their way to the server.
import { api, get } from "./api.js";

const ASK_EVERY_MS = 250;
const MOST_TRIES = 60;

/** The uploaded file, as soon as it is ready: a video is looked into first. */
export async function upload(file, altText = "") {
  const body = new FormData();
  body.append("file", file);
  body.append("alt_text", altText);
  let media = await api("POST", "/api/media/upload", { body });
  for (let tries = 0; media.status === "processing" && tries < MOST_TRIES; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    media = await get(`/api/media/${media.id}`);
  }
  if (media.status !== "ready") throw new Error(`${file.name} cannot be used.`);
  return media;
}
