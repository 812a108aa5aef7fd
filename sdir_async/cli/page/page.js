(function () {
  var rows = Array.from(document.querySelectorAll("#reasons tbody tr"));
  if (!rows.length) return;
  var groups = Array.from(document.querySelectorAll("button.group"));
  var search = document.querySelector("input[type=search]");
  var shown = document.getElementById("shown");
  var group = null;
  function filter() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    rows.forEach(function (row) {
      var text = row.textContent.toLowerCase();
      var fits = (group === null || row.dataset.group === group) &&
        words.every(function (word) { return text.includes(word); });
      row.hidden = !fits;
      count += fits;
    });
    shown.textContent = (count === rows.length ? shown.dataset.all : shown.dataset.some)
      .replace("{count}", count).replace("{all}", rows.length);
  }
  groups.forEach(function (button) {
    button.addEventListener("click", function () {
      group = group === button.dataset.group ? null : button.dataset.group;
      groups.forEach(function (one) { one.setAttribute("aria-pressed", one.dataset.group === group); });
      filter();
    });
  });
  search.addEventListener("input", filter);
  filter();
})();
