// Export of what is shown. Nothing leaves the machine: files are made in the browser.

function hand(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function saveText(name: string, text: string): void {
  hand(name, new Blob(["\ufeff" + text], { type: "text/csv;charset=utf-8" }));
}

const LOOKS = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "stroke-linecap", "stroke-linejoin", "paint-order",
  "opacity", "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline",
];

/** Write the computed look into attributes, so that the picture stands alone without our style sheet. */
function standAlone(svg: SVGSVGElement): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll<SVGElement>("*")];
  const into = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  from.forEach((node, i) => {
    const look = getComputedStyle(node);
    const target = into[i];
    for (const name of LOOKS) target?.setAttribute(name, look.getPropertyValue(name));
    target?.removeAttribute("class");
  });
  return copy;
}

/** All pictures of a section below one another, under its title, at twice the size. */
export async function savePng(section: HTMLElement, title: string, name: string): Promise<void> {
  const pictures = [...section.querySelectorAll<SVGSVGElement>("svg.chart")];
  const page = getComputedStyle(document.documentElement);
  const margin = 16;
  const width = Math.max(320, ...pictures.map((p) => p.clientWidth)) + 2 * margin;
  const height = pictures.reduce((sum, p) => sum + p.clientHeight, 0) + 2 * margin + 28;
  const canvas = document.createElement("canvas");
  canvas.width = width * 2;
  canvas.height = height * 2;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(2, 2);
  pen.fillStyle = page.backgroundColor;
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = getComputedStyle(document.body).color;
  pen.font = `600 14px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillText(title, margin, margin + 14);
  let y = margin + 28;
  for (const picture of pictures) {
    const copy = standAlone(picture);
    copy.setAttribute("width", String(picture.clientWidth));
    copy.setAttribute("height", String(picture.clientHeight));
    const text = new XMLSerializer().serializeToString(copy);
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    pen.drawImage(image, margin, y, picture.clientWidth, picture.clientHeight);
    y += picture.clientHeight;
  }
  canvas.toBlob((blob) => blob && hand(`${name}.png`, blob), "image/png");
}
