(function(d){
var main=d.getElementById("main")
main.setAttribute("aria-live","polite")
function look(){
var mark=d.querySelector("[data-live]")
if(!mark)return
if(d.hidden)return setTimeout(look,3e3)
fetch(mark.dataset.live,{headers:{Accept:"text/html"}}).then(function(r){return r.ok?r.text():""}).then(function(t){
var page=new DOMParser().parseFromString(t,"text/html"),now=page.getElementById("main"),h
if(!now||now.textContent==main.textContent)return
h=main.contains(d.activeElement)
main.innerHTML=now.innerHTML
d.title=page.title
if(h){h=d.getElementById("h");h.tabIndex=-1;h.focus()}
}).catch(function(){}).then(function(){setTimeout(look,3e3)})
}
setTimeout(look,3e3)
})(document)
