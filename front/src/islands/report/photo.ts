// Photos: shrunk on the phone to what the city needs (1600 px, WebP), which also leaves their hidden data behind.

const LONGEST = 1600;

/** The photo's bytes, at most 1600 px on its longer side; the original when the browser cannot draw it. */
export async function shrink(file: Blob): Promise<Blob> {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const share = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * share);
    canvas.height = Math.round(picture.height * share);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/webp", 0.82));
    return made && made.size < file.size ? made : file;
  } catch {
    return file;
  }
}

/** Where a JPEG was taken, from its EXIF block, before shrinking drops it. */
export async function placeOf(file: Blob): Promise<{ lon: number; lat: number } | null> {
  const view = new DataView(await file.slice(0, 256 * 1024).arrayBuffer());
  if (view.byteLength < 12 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 10 < view.byteLength) {
    const marker = view.getUint16(at);
    const size = view.getUint16(at + 2);
    if (marker === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return gps(view, at + 10);
    if ((marker & 0xff00) !== 0xff00) return null;
    at += 2 + size;
  }
  return null;
}

function gps(view: DataView, base: number): { lon: number; lat: number } | null {
  try {
    const little = view.getUint16(base) === 0x4949;
    const u16 = (offset: number): number => view.getUint16(base + offset, little);
    const u32 = (offset: number): number => view.getUint32(base + offset, little);
    const entries = (start: number): Map<number, number> => {
      const found = new Map<number, number>();
      for (let i = 0; i < u16(start); i++) found.set(u16(start + 2 + 12 * i), start + 2 + 12 * i);
      return found;
    };
    const pointer = entries(u32(4)).get(0x8825);
    if (pointer === undefined) return null;
    const tags = entries(u32(pointer + 8));
    const degrees = (value: number, sign: number): number | null => {
      const valueAt = tags.get(value);
      const signAt = tags.get(sign);
      if (valueAt === undefined || signAt === undefined) return null;
      const offset = u32(valueAt + 8);
      const [d, m, s] = [0, 8, 16].map((step) => u32(offset + step) / (u32(offset + step + 4) || 1));
      const letter = String.fromCharCode(view.getUint8(base + signAt + 8));
      return ((d ?? 0) + (m ?? 0) / 60 + (s ?? 0) / 3600) * (letter === "S" || letter === "W" ? -1 : 1);
    };
    const lat = degrees(2, 1);
    const lon = degrees(4, 3);
    return lat === null || lon === null || (!lat && !lon) ? null : { lon, lat };
  } catch {
    return null;
  }
}
