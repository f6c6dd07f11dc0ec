// Small drawings, in the page's own colours.
const drawings = {
  moon: '<path class="glow" d="M40 10a24 24 0 1 0 14 40A26 26 0 0 1 40 10Z"/>',
  lantern: '<path d="M24 18h16M28 18v-5a4 4 0 0 1 8 0v5"/><path d="M22 22h20l3 26H19Z"/><path d="M20 52h24"/><path class="glow" d="M32 28c5 6 5 9 5 11a5 5 0 0 1-10 0c0-2 0-5 5-11Z"/>',
  tea: '<path d="M14 26h28v10a14 14 0 0 1-28 0Z"/><path d="M42 29h4a5 5 0 0 1 0 10h-5M12 54h32"/><path class="glow" d="M24 20c-3-4 3-6 0-10M33 20c-3-4 3-6 0-10"/>',
  blanket: '<path d="M12 18h40v28H12Z"/><path d="M12 26h40M12 38h40M16 46v6M24 46v6M32 46v6M40 46v6M48 46v6"/><path class="glow" d="M12 30h40v4H12Z"/>',
  starmap: '<circle cx="32" cy="32" r="22"/><path d="M20 28l10-8 12 10-6 14-14-2Z"/><circle class="glow" cx="20" cy="28" r="2.5"/><circle class="glow" cx="30" cy="20" r="2.5"/><circle class="glow" cx="42" cy="30" r="2.5"/><circle class="glow" cx="36" cy="44" r="2.5"/><circle class="glow" cx="22" cy="42" r="2.5"/>',
  mug: '<path d="M18 16h26l-2 36H20Z"/><path d="M44 24h4a5 5 0 0 1 5 5v6a6 6 0 0 1-6 6h-4"/><path class="glow" d="M18 20h26l-.3 4H18.3Z"/>',
  bell: '<path d="M32 12v4M18 44c5-4 4-10 4-14a10 10 0 0 1 20 0c0 4-1 10 4 14Z"/><path class="glow" d="M28 48a4 4 0 0 0 8 0Z"/>',
}

export function art(name) {
  return `<svg viewBox="0 0 64 64" aria-hidden="true" focusable="false">${drawings[name] ?? drawings.moon}</svg>`
}
