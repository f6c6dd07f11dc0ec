export function Wordmark({ small = false }: { small?: boolean }) {
  return (
    <span className={`inline-flex items-center gap-2 font-serif ${small ? 'text-lg' : 'text-xl'}`}>
      <svg viewBox="0 0 20 20" width={small ? 16 : 19} height={small ? 16 : 19} aria-hidden="true">
        <path d="M13.6 13.2A7 7 0 0 1 6.8 3.5a7.2 7.2 0 1 0 9.3 9.3 7 7 0 0 1-2.5.4Z" fill="currentColor" />
      </svg>
      <span className="italic">Nightshift</span>
    </span>
  )
}
