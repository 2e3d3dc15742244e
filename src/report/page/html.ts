/** Puts the data of a run into the page that the build has made. */
import { deflateSync } from 'fflate';
import type { PageData } from './page-data.ts';

/** What the build leaves open in the page. */
export const SLOTS = { title: '__VMFT_TITLE__', data: '__VMFT_DATA__' } as const;

/**
 * The page of a run. The data is compressed and in base64, in which nothing of a guest's output can end the element that
 * holds it, or become an element.
 */
export function pageHtml(template: string, data: PageData): string {
  const json = new TextEncoder().encode(JSON.stringify(data));
  const text = base64(deflateSync(json, { level: 9 }));
  return template.replace(SLOTS.title, () => escaped(`${data.title} – vmft`)).replace(SLOTS.data, () => text);
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** In pieces, since a call takes only so many arguments. A multiple of three has no padding. */
const PIECE_BYTES = 3 * 8192;

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES)));
  return text;
}
