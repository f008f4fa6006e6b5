import qrcode from 'qrcode-generator';
import { type Html, html } from '../../web/html.ts';

/** White around it, in modules, so that cameras find it: ISO/IEC 18004 wants four. */
const QUIET = 4;

/** A text as a drawing that telephones read; whoever can't see it hears the text. A quarter of it may be dirty, or creased. */
export function drawQrCode(text: string): Html {
  const code = qrcode(0, 'Q');
  code.addData(text, 'Byte');
  code.make();
  const count = code.getModuleCount();
  const rows = Array.from({ length: count }, (_, row) => drawRow(row, count, (column) => code.isDark(row, column)));
  const size = count + 2 * QUIET;
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${text}"><rect width="${size}" height="${size}" fill="#fff"/><path d="${rows.join('')}"/></svg>`;
}

/** The dark modules of a row, those side by side as one. */
function drawRow(row: number, count: number, isDark: (column: number) => boolean): string {
  let path = '';
  for (let column = 0; column < count; column++) {
    if (!isDark(column)) continue;
    let width = 1;
    while (column + width < count && isDark(column + width)) width++;
    path += `M${column + QUIET} ${row + QUIET}h${width}v1h-${width}z`;
    column += width;
  }
  return path;
}
