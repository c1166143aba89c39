const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** Horizontal bars, one a row, scaled to the largest value. Negative values draw nothing. */
export function barChart(rows: readonly { readonly label: string; readonly value: number }[], width: number): string {
  const labelWidth = Math.max(...rows.map((row) => row.label.length), 0)
  const valueWidth = Math.max(...rows.map((row) => String(row.value).length), 0)
  const most = Math.max(...rows.map((row) => row.value), 0)
  const room = Math.max(8, width - labelWidth - valueWidth - 4)
  return rows
    .map(({ label, value }) => {
      const eighths = most <= 0 || value <= 0 ? 0 : Math.max(1, Math.round((value / most) * room * 8))
      const bar = '█'.repeat(eighths >>> 3) + EIGHTHS[eighths & 7]
      return `  ${label.padEnd(labelWidth)} ${String(value).padStart(valueWidth)} ${bar}`.trimEnd()
    })
    .join('\n')
}
