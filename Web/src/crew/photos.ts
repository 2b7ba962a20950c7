/** The longest side of a photo as it is sent. */
export const longestSide = 1600;

export const fitted = (width: number, height: number): [number, number] => {
  const scale = Math.min(1, longestSide / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
};

/**
 * Small enough for a slow line, upright whichever way the telephone was held, and without what the camera wrote beside it (its place among
 * others). What this browser cannot read is sent as it is: the desk takes HEIC, too.
 */
export async function prepared(file: File): Promise<{ bytes: ArrayBuffer; fileName: string }> {
  const stem = file.name.replace(/\.[^.]*$/, '').slice(-80) || 'photo';
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const [width, height] = fitted(picture.width, picture.height);
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const pen = canvas.getContext('2d')!;
    pen.imageSmoothingQuality = 'high';
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, width, height);
    pen.drawImage(picture, 0, 0, width, height);
    picture.close();
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.82));
    if (blob) return { bytes: await blob.arrayBuffer(), fileName: `${stem}.jpg` };
  } catch {
    // as it is
  }
  return { bytes: await file.arrayBuffer(), fileName: file.name.slice(-100) };
}
