// Keeps the last hour up to date while somebody looks at it. Without scripts it shows the hour as it was when the page came.
const place = document.getElementById("now");
const PAUSE = 2000;

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/now", { headers: { accept: "text/html" } });
      place.classList.toggle("stale", !answer.ok);
      if (answer.ok) place.innerHTML = await answer.text();
    } catch {
      place.classList.add("stale");
    }
  }
  setTimeout(refresh, PAUSE);
}

if (place) setTimeout(refresh, PAUSE);
